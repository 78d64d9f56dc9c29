<?php

// SPDX-License-Identifier: MIT

return [
    'default' => 'redis',
    'connections' => [
        'sync' => ['driver' => 'sync'],
        'redis' => [
            'driver' => 'redis',
            'connection' => 'default',
            'queue' => 'default',
            'retry_after' => 90,
            'block_for' => 1,
        ],
    ],
    'failed' => ['driver' => null],
];
