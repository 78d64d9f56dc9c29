/* SPDX-License-Identifier: MIT */
/*
 * auth_answer: status and first byte.
 */
#include "auth_answer.h"

#include "base/str.h"
#include "http/http_client.h"

bool
auth_answer_is_passing(const struct http_answer *answer)
{
    switch (answer->result) {
    case HTTP_CALL_ANSWERED:
        return answer->status == 429 || (answer->status >= 502 && answer->status <= 504);
    case HTTP_CALL_UNREACHABLE:
    case HTTP_CALL_BROKEN:
        return true;
    case HTTP_CALL_UNTRUSTED:
    case HTTP_CALL_TIMEOUT:
        return false;
    }
    return false;
}

bool
auth_answer_is_page(const struct http_answer *answer)
{
    struct str text = str_trim(answer->body);

    return answer->result == HTTP_CALL_ANSWERED && answer->status == 200 && text.len > 0 &&
           text.data[0] == '<';
}
