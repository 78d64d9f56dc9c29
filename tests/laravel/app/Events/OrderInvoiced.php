<?php

// SPDX-License-Identifier: MIT

namespace App\Events;

use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Foundation\Events\Dispatchable;

/** Goes through the queue: artisan queue:work publishes it. */
class OrderInvoiced implements ShouldBroadcast
{
    use Dispatchable, InteractsWithSockets;

    public function __construct(public string $id, public string $text)
    {
    }

    public function broadcastOn()
    {
        return new PrivateChannel("orders.$this->id");
    }
}
