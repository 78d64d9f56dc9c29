<?php

// SPDX-License-Identifier: MIT

return [
    'paths' => [],
    'compiled' => storage_path('framework/views'),
];
