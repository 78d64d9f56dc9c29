<?php

// SPDX-License-Identifier: MIT
// Debian's packages bring their own loader; App\ is all that is left to find.

require 'Illuminate/autoload.php';

spl_autoload_register(function (string $class): void {
    if (str_starts_with($class, 'App\\')) {
        require dirname(__DIR__).'/app/'.str_replace('\\', '/', substr($class, 4)).'.php';
    }
});
