<?php

// SPDX-License-Identifier: MIT

namespace App\Providers;

use App\Auth\NumberedUserProvider;
use Illuminate\Foundation\Support\Providers\AuthServiceProvider as ServiceProvider;
use Illuminate\Support\Facades\Auth;

class AuthServiceProvider extends ServiceProvider
{
    public function boot()
    {
        Auth::provider('numbered', fn () => new NumberedUserProvider);
    }
}
