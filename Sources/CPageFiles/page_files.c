// Made by scripts/embed-page.sh from dashboards/web.
#include "page_files.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char file_0[] = {
#embed "../../dashboards/web/admin.js" suffix(,)
    0};

static const unsigned char file_1[] = {
#embed "../../dashboards/web/app.css" suffix(,)
    0};

static const unsigned char file_2[] = {
#embed "../../dashboards/web/app.js" suffix(,)
    0};

static const unsigned char file_3[] = {
#embed "../../dashboards/web/budgetbar.js" suffix(,)
    0};

static const unsigned char file_4[] = {
#embed "../../dashboards/web/budgetform.js" suffix(,)
    0};

static const unsigned char file_5[] = {
#embed "../../dashboards/web/budgets.js" suffix(,)
    0};

static const unsigned char file_6[] = {
#embed "../../dashboards/web/call.js" suffix(,)
    0};

static const unsigned char file_7[] = {
#embed "../../dashboards/web/calls.js" suffix(,)
    0};

static const unsigned char file_8[] = {
#embed "../../dashboards/web/charts.js" suffix(,)
    0};

static const unsigned char file_9[] = {
#embed "../../dashboards/web/data.js" suffix(,)
    0};

static const unsigned char file_10[] = {
#embed "../../dashboards/web/dialog.js" suffix(,)
    0};

static const unsigned char file_11[] = {
#embed "../../dashboards/web/dom.js" suffix(,)
    0};

static const unsigned char file_12[] = {
#embed "../../dashboards/web/format.js" suffix(,)
    0};

static const unsigned char file_13[] = {
#embed "../../dashboards/web/http.js" suffix(,)
    0};

static const unsigned char file_14[] = {
#embed "../../dashboards/web/icon.svg" suffix(,)
    0};

static const unsigned char file_15[] = {
#embed "../../dashboards/web/index.html" suffix(,)
    0};

static const unsigned char file_16[] = {
#embed "../../dashboards/web/keys.js" suffix(,)
    0};

static const unsigned char file_17[] = {
#embed "../../dashboards/web/live.js" suffix(,)
    0};

static const unsigned char file_18[] = {
#embed "../../dashboards/web/mute.js" suffix(,)
    0};

static const unsigned char file_19[] = {
#embed "../../dashboards/web/overview.js" suffix(,)
    0};

static const unsigned char file_20[] = {
#embed "../../dashboards/web/palette.js" suffix(,)
    0};

static const unsigned char file_21[] = {
#embed "../../dashboards/web/parts.js" suffix(,)
    0};

static const unsigned char file_22[] = {
#embed "../../dashboards/web/providers.js" suffix(,)
    0};

static const unsigned char file_23[] = {
#embed "../../dashboards/web/safety.js" suffix(,)
    0};

static const unsigned char file_24[] = {
#embed "../../dashboards/web/signin.js" suffix(,)
    0};

static const unsigned char file_25[] = {
#embed "../../dashboards/web/spend.js" suffix(,)
    0};

static const unsigned char file_26[] = {
#embed "../../dashboards/web/spendchart.js" suffix(,)
    0};

static const unsigned char file_27[] = {
#embed "../../dashboards/web/state.js" suffix(,)
    0};

static const unsigned char file_28[] = {
#embed "../../dashboards/web/store.js" suffix(,)
    0};

static const unsigned char file_29[] = {
#embed "../../dashboards/web/theme.js" suffix(,)
    0};

static const unsigned char file_30[] = {
#embed "../../dashboards/web/timeline.js" suffix(,)
    0};

static const unsigned char file_31[] = {
#embed "../../dashboards/web/words.js" suffix(,)
    0};

#if !__has_embed("/usr/share/javascript/chart.js/chart.min.js")
#error "chart.js is missing: install the Debian package libjs-chart.js (scripts/packages.txt)"
#endif
static const unsigned char chart[] = {
#embed "/usr/share/javascript/chart.js/chart.min.js" suffix(,)
    0};

// Behind each there is a zero that does not belong to it, so that none is empty.
static const struct page_file files[] = {
    {"admin.js", file_0, sizeof file_0 - 1},
    {"app.css", file_1, sizeof file_1 - 1},
    {"app.js", file_2, sizeof file_2 - 1},
    {"budgetbar.js", file_3, sizeof file_3 - 1},
    {"budgetform.js", file_4, sizeof file_4 - 1},
    {"budgets.js", file_5, sizeof file_5 - 1},
    {"call.js", file_6, sizeof file_6 - 1},
    {"calls.js", file_7, sizeof file_7 - 1},
    {"charts.js", file_8, sizeof file_8 - 1},
    {"data.js", file_9, sizeof file_9 - 1},
    {"dialog.js", file_10, sizeof file_10 - 1},
    {"dom.js", file_11, sizeof file_11 - 1},
    {"format.js", file_12, sizeof file_12 - 1},
    {"http.js", file_13, sizeof file_13 - 1},
    {"icon.svg", file_14, sizeof file_14 - 1},
    {"index.html", file_15, sizeof file_15 - 1},
    {"keys.js", file_16, sizeof file_16 - 1},
    {"live.js", file_17, sizeof file_17 - 1},
    {"mute.js", file_18, sizeof file_18 - 1},
    {"overview.js", file_19, sizeof file_19 - 1},
    {"palette.js", file_20, sizeof file_20 - 1},
    {"parts.js", file_21, sizeof file_21 - 1},
    {"providers.js", file_22, sizeof file_22 - 1},
    {"safety.js", file_23, sizeof file_23 - 1},
    {"signin.js", file_24, sizeof file_24 - 1},
    {"spend.js", file_25, sizeof file_25 - 1},
    {"spendchart.js", file_26, sizeof file_26 - 1},
    {"state.js", file_27, sizeof file_27 - 1},
    {"store.js", file_28, sizeof file_28 - 1},
    {"theme.js", file_29, sizeof file_29 - 1},
    {"timeline.js", file_30, sizeof file_30 - 1},
    {"words.js", file_31, sizeof file_31 - 1},
    {"chart.js", chart, sizeof chart - 1},
};

const struct page_file *page_file_at(size_t index) {
    return index < sizeof files / sizeof *files ? &files[index] : NULL;
}
