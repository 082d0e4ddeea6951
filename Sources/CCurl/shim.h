// libcurl's option functions are variadic, which Swift cannot call: one door for each argument type, so that the
// compiler checks what would otherwise be undefined behaviour in silence. No logic lives here.
#pragma once
#include <curl/curl.h>

static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode ccurl_set_off(CURL *handle, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return (curl_easy_setopt)(handle, option, value);
}
typedef size_t (*ccurl_data_callback)(char *data, size_t size, size_t count, void *context);
static inline CURLcode ccurl_set_data_callback(CURL *handle, CURLoption option, ccurl_data_callback callback) {
    return (curl_easy_setopt)(handle, option, callback);
}
typedef int (*ccurl_seek)(void *context, curl_off_t offset, int origin);
static inline CURLcode ccurl_set_seek(CURL *handle, ccurl_seek callback) {
    return (curl_easy_setopt)(handle, CURLOPT_SEEKFUNCTION, callback);
}
typedef int (*ccurl_progress)(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up);
static inline CURLcode ccurl_set_progress(CURL *handle, ccurl_progress callback) {
    return (curl_easy_setopt)(handle, CURLOPT_XFERINFOFUNCTION, callback);
}
typedef curl_socket_t (*ccurl_open_socket)(void *context, curlsocktype purpose, struct curl_sockaddr *address);
static inline CURLcode ccurl_set_open_socket(CURL *handle, ccurl_open_socket callback) {
    return (curl_easy_setopt)(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
}
static inline CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value) {
    return (curl_easy_getinfo)(handle, info, value);
}
static inline CURLcode ccurl_get_off(CURL *handle, CURLINFO info, curl_off_t *value) {
    return (curl_easy_getinfo)(handle, info, value);
}
static inline CURLcode ccurl_get_string(CURL *handle, CURLINFO info, char **value) {
    return (curl_easy_getinfo)(handle, info, value);
}
static inline CURLcode ccurl_get_pointer(CURL *handle, CURLINFO info, void **value) {
    return (curl_easy_getinfo)(handle, info, value);
}
typedef int (*ccurl_socket_callback)(CURL *handle, curl_socket_t socket, int what, void *context, void *socket_context);
static inline CURLMcode ccurl_multi_set_socket_callback(CURLM *multi, ccurl_socket_callback callback) {
    return (curl_multi_setopt)(multi, CURLMOPT_SOCKETFUNCTION, callback);
}
typedef int (*ccurl_timer_callback)(CURLM *multi, long timeout_ms, void *context);
static inline CURLMcode ccurl_multi_set_timer_callback(CURLM *multi, ccurl_timer_callback callback) {
    return (curl_multi_setopt)(multi, CURLMOPT_TIMERFUNCTION, callback);
}
static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}
static inline CURLMcode ccurl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return (curl_multi_setopt)(multi, option, value);
}
/// The option has two names, of which one is a macro in every version.
static inline CURLcode ccurl_set_response_timeout(CURL *handle, long seconds) {
    return (curl_easy_setopt)(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds);
}
/// The next finished transfer, with the union in CURLMsg flattened; NULL when there is none.
static inline CURL *ccurl_multi_next_done(CURLM *multi, CURLcode *code) {
    int left = 0;
    CURLMsg *message = curl_multi_info_read(multi, &left);
    while (message && message->msg != CURLMSG_DONE) message = curl_multi_info_read(multi, &left);
    if (!message) return 0;
    *code = message->data.result;
    return message->easy_handle;
}
typedef int (*ccurl_debug)(CURL *handle, curl_infotype type, char *data, size_t size, void *context);
static inline CURLcode ccurl_set_debug(CURL *handle, ccurl_debug callback) {
    return (curl_easy_setopt)(handle, CURLOPT_DEBUGFUNCTION, callback);
}
typedef int (*ccurl_before_request)(void *context, char *remote, char *local, int remote_port, int local_port);
static inline CURLcode ccurl_set_before_request(CURL *handle, ccurl_before_request callback) {
    return (curl_easy_setopt)(handle, CURLOPT_PREREQFUNCTION, callback);
}
