package a.retry;

import java.util.List;
import java.util.concurrent.*;
import static a.limits.Limits.MAX_TRIES;

/** How often something is tried. */
@Service(name = "retry")
public class Retry<T extends Base> extends Parent implements Policy {
    private static final int LIMIT = 3;
    int tries, others;

    public Retry(Clock clock) {
        super(clock);
    }

    /** What is next. */
    @Override
    public List<T> next(int by) throws Failure {
        return this.advance(Waits.of(by)).map(Retry::describe);
    }

    static String describe(int by) { return new Outcome(by).tell(MAX_TRIES); }

    enum State { DONE, FAILED { void x() {} } }

    class Inner {}
}

interface Policy {
    int LIMIT = 3;
    List<Integer> next(int by);
    default void stop() {}
}

record Point(int x, int y) {}

@interface Mark { String value(); }
