<?php

// SPDX-License-Identifier: MIT
// Log-in by session, with Laravel's own CSRF rules.

use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Route;
use Illuminate\Broadcasting\BroadcastController;

Route::get('/csrf', fn () => ['token' => csrf_token()]);

Route::post('/login', function (Request $request) {
    abort_unless(Auth::attempt($request->only('id', 'password')), 422);
    $request->session()->regenerate();

    return ['id' => Auth::id(), 'token' => csrf_token()];
});

// As applications that route it themselves have it: with the CSRF check.
Route::post('/checked/broadcasting/auth', [BroadcastController::class, 'authenticate']);
