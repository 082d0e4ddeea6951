// Made by scripts/embed-page.sh from dashboards/web.
#include "page_files.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char file_0[] = {
#embed "../../dashboards/web/app.css" suffix(,)
    0};

static const unsigned char file_1[] = {
#embed "../../dashboards/web/app.js" suffix(,)
    0};

static const unsigned char file_2[] = {
#embed "../../dashboards/web/index.html" suffix(,)
    0};

#if !__has_embed("/usr/share/javascript/chart.js/chart.min.js")
#error "chart.js is missing: install the Debian package libjs-chart.js (scripts/packages.txt)"
#endif
static const unsigned char chart[] = {
#embed "/usr/share/javascript/chart.js/chart.min.js" suffix(,)
    0};

// Behind each there is a zero that does not belong to it, so that none is empty.
static const struct page_file files[] = {
    {"app.css", file_0, sizeof file_0 - 1},
    {"app.js", file_1, sizeof file_1 - 1},
    {"index.html", file_2, sizeof file_2 - 1},
    {"chart.js", chart, sizeof chart - 1},
};

const struct page_file *page_file_at(size_t index) {
    return index < sizeof files / sizeof *files ? &files[index] : NULL;
}
