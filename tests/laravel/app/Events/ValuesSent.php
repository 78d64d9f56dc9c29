<?php

// SPDX-License-Identifier: MIT

namespace App\Events;

use Illuminate\Broadcasting\Channel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;
use Illuminate\Foundation\Events\Dispatchable;

/** What PHP's json_encode makes of values that a relay could spoil. */
class ValuesSent implements ShouldBroadcastNow
{
    use Dispatchable;

    public function broadcastOn()
    {
        return new Channel('values');
    }

    public function broadcastWith(): array
    {
        return [
            'z' => 1,
            'a' => 9007199254740993,
            'list' => [],
            'map' => new \stdClass,
            'tenth' => 0.1,
            'text' => "Größe / \"ok\" 😀 \u{2028} </script>",
            'none' => null,
            'nested' => [['deep' => [[], new \stdClass]]],
        ];
    }
}
