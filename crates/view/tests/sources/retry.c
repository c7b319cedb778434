#include <stdio.h>
#include "clock.h"

#define MAX_TRIES 3
#define twice(x) ((x) + (x))

/* How often something is tried. */
typedef struct retry {
    int tries;
    struct clock *clock;
} retry_t;

enum outcome { DONE, FAILED = 2 };

union value { int i; float f; };

typedef int (*handler)(int);

static int limit = MAX_TRIES;
extern int shared;

int next(retry_t *r, int by);

// What is next.
static int advance(struct retry *r, int by)
{
    r->clock->tick(r);
    return twice(by) + describe(r->tries);
}

char *describe(int by)
{
    register_handler(advance);
    return (char *)malloc(sizeof(retry_t));
}
