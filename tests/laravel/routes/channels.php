<?php

// SPDX-License-Identifier: MIT

use Illuminate\Support\Facades\Broadcast;

Broadcast::channel('orders.{id}', fn ($user, $id) => (int) $user->id === (int) $id);
Broadcast::channel('App.Models.User.{id}', fn ($user, $id) => (int) $user->id === (int) $id);
Broadcast::channel('team.{id}', fn ($user, $id) => $user->id % 10 === (int) $id);
Broadcast::channel('locked.{id}', fn () => false);
Broadcast::channel('broken', fn () => throw new RuntimeException('a rule that fails'));
Broadcast::channel('room.{id}', fn ($user, $id) => $id === '0' ? false : [
    'id' => $user->id,
    'name' => $user->name,
]);
