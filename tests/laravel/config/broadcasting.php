<?php

// SPDX-License-Identifier: MIT

return [
    'default' => 'redis',
    'connections' => [
        'redis' => ['driver' => 'redis', 'connection' => 'default'],
    ],
];
