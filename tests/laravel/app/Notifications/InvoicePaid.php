<?php

// SPDX-License-Identifier: MIT

namespace App\Notifications;

use Illuminate\Notifications\Messages\BroadcastMessage;
use Illuminate\Notifications\Notification;

class InvoicePaid extends Notification
{
    public function __construct(private string $text)
    {
    }

    public function via($notifiable): array
    {
        return ['broadcast'];
    }

    public function toBroadcast($notifiable): BroadcastMessage
    {
        return (new BroadcastMessage(['text' => $this->text]))->onConnection('sync');
    }
}
