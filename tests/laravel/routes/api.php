<?php

// SPDX-License-Identifier: MIT
// Everything that makes the application publish, and what it reads from Redis.

use App\Events\MessagePosted;
use App\Events\NewsPosted;
use App\Events\OfficeClosed;
use App\Events\OrderInvoiced;
use App\Events\OrderShipped;
use App\Events\ValuesSent;
use App\Models\User;
use App\Notifications\InvoicePaid;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Redis;
use Illuminate\Support\Facades\Route;

Route::post('/fire/news', function (Request $r) {
    $pending = broadcast(new NewsPosted($r->input('text', 'news'), (int) $r->input('number')));
    if ($r->boolean('toOthers')) {
        $pending->toOthers();
    }

    return ['fired' => 1];
});

Route::post('/fire/burst', function (Request $r) {
    $count = (int) $r->input('count');
    for ($i = 0; $i < $count; $i++) {
        event(new NewsPosted('burst', $i));
    }

    return ['fired' => $count];
});

Route::post('/fire/order', function (Request $r) {
    event(new OrderShipped($r->input('id'), $r->input('text', 'shoes')));

    return ['fired' => 1];
});

Route::post('/fire/invoiced', function (Request $r) {
    event(new OrderInvoiced($r->input('id'), $r->input('text', 'invoice')));

    return ['fired' => 1];
});

Route::post('/fire/message', function (Request $r) {
    event(new MessagePosted($r->input('room'), $r->input('text', 'hello')));

    return ['fired' => 1];
});

Route::post('/fire/office', function (Request $r) {
    event(new OfficeClosed($r->input('text', 'closed')));

    return ['fired' => 1];
});

Route::post('/fire/values', function () {
    event(new ValuesSent);

    return ['fired' => 1];
});

Route::post('/fire/notification', function (Request $r) {
    User::numbered((int) $r->input('user'))->notify(new InvoicePaid($r->input('text', 'paid')));

    return ['fired' => 1];
});

Route::get('/members/{room}', fn ($room) => [
    'members' => json_decode(Redis::get("presence-$room:members") ?? 'null'),
]);
