<?php

// SPDX-License-Identifier: MIT

define('LARAVEL_START', microtime(true));

require dirname(__DIR__).'/bootstrap/autoload.php';

$app = require dirname(__DIR__).'/bootstrap/app.php';
$kernel = $app->make(Illuminate\Contracts\Http\Kernel::class);
$request = Illuminate\Http\Request::capture();
$response = $kernel->handle($request)->send();
$kernel->terminate($request, $response);
