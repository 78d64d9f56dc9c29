<?php

// SPDX-License-Identifier: MIT

return [
    'defaults' => ['guard' => 'web', 'passwords' => 'users'],
    'guards' => [
        'web' => ['driver' => 'session', 'provider' => 'users'],
        'api' => ['driver' => 'token', 'provider' => 'users', 'hash' => false],
    ],
    'providers' => [
        'users' => ['driver' => 'numbered'],
    ],
];
