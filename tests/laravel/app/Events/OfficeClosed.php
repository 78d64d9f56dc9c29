<?php

// SPDX-License-Identifier: MIT

namespace App\Events;

use Illuminate\Broadcasting\Channel;
use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;
use Illuminate\Foundation\Events\Dispatchable;

/** One event, several channels: Laravel publishes them in one EVAL. */
class OfficeClosed implements ShouldBroadcastNow
{
    use Dispatchable, InteractsWithSockets;

    public function __construct(public string $text)
    {
    }

    public function broadcastOn()
    {
        return [new Channel('news'), new Channel('office'), new PrivateChannel('orders.1')];
    }
}
