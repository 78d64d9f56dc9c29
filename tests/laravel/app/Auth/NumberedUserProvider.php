<?php

// SPDX-License-Identifier: MIT

namespace App\Auth;

use App\Models\User;
use Illuminate\Contracts\Auth\Authenticatable;
use Illuminate\Contracts\Auth\UserProvider;

class NumberedUserProvider implements UserProvider
{
    public function retrieveById($identifier)
    {
        return ctype_digit((string) $identifier) ? User::numbered((int) $identifier) : null;
    }

    public function retrieveByToken($identifier, $token)
    {
        return null;
    }

    public function updateRememberToken(Authenticatable $user, $token)
    {
    }

    /** By number (session log-in) or by bearer token `token-N`. */
    public function retrieveByCredentials(array $credentials)
    {
        if (isset($credentials['api_token'])) {
            $found = preg_match('/^token-([1-9]\d*)$/', $credentials['api_token'], $match);

            return $found ? User::numbered((int) $match[1]) : null;
        }

        return $this->retrieveById($credentials['id'] ?? '');
    }

    public function validateCredentials(Authenticatable $user, array $credentials)
    {
        return hash_equals($user->getAuthPassword(), (string) ($credentials['password'] ?? ''));
    }
}
