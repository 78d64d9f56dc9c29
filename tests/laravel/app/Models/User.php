<?php

// SPDX-License-Identifier: MIT

namespace App\Models;

use Illuminate\Auth\GenericUser;
use Illuminate\Notifications\Notifiable;

/** User N exists for every N from 1: no table is needed. */
class User extends GenericUser
{
    use Notifiable;

    public static function numbered(int $id): self
    {
        return new self([
            'id' => $id,
            'name' => "User $id",
            'password' => 'secret',
            'remember_token' => null,
        ]);
    }

    /** Notifications go to App.Models.User.<key>. */
    public function getKey(): int
    {
        return $this->id;
    }
}
