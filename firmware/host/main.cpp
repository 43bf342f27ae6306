// Runs every TEST; `host_tests FRAMES` also needs the golden frames as text (see frames_txt.py).
#include <vector>

#include "check.h"

const char *golden_frames;

namespace check {

int failures;

struct Case {
    const char *sentence;
    Body body;
};

static std::vector<Case> &cases() {
    static std::vector<Case> all;
    return all;
}

void add(const char *sentence, Body body) { cases().push_back({sentence, body}); }

}  // namespace check

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: host_tests FRAMES\n");
        return 2;
    }
    golden_frames = argv[1];
    int failed = 0;
    for (const check::Case &c : check::cases()) {
        const int before = check::failures;
        c.body();
        const bool good = check::failures == before;
        printf("%s %s\n", good ? "ok  " : "FAIL", c.sentence);
        failed += !good;
    }
    printf("%zu tests, %d failed\n", check::cases().size(), failed);
    return failed != 0;
}
