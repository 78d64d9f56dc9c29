<?php

// SPDX-License-Identifier: MIT

namespace App\Events;

use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;
use Illuminate\Foundation\Events\Dispatchable;

class OrderShipped implements ShouldBroadcastNow
{
    use Dispatchable, InteractsWithSockets;

    public array $order;

    public function __construct(private string $id, string $text)
    {
        $this->order = ['text' => $text, 'price' => 12.5];
    }

    public function broadcastOn()
    {
        return new PrivateChannel("orders.$this->id");
    }
}
