#include <vector>
#include "clock.hpp"
using namespace std;
using a::limits::MAX_TRIES;

namespace a::retry {

/// How often something is tried.
template <typename T>
class Retry : public Base<T>, private Policy {
public:
    explicit Retry(Clock clock) : clock_(clock) {}
    virtual ~Retry() = default;
    int next(int by) const override { return advance(wait(by)); }
    static Retry of();
    bool operator==(const Retry &other) const;
private:
    int tries = 0;
    Clock clock_;
};

struct Point { int x; int y; };

enum class State { Done, Failed };

using Wait = std::chrono::seconds;

constexpr int limit = 3;

template <typename T>
int Retry<T>::advance(int by) {
    auto made = std::make_unique<Outcome>(by);
    Clock::now().tick();
    return this->clock_.wait(MAX_TRIES);
}

int Point::sum() const { return x + y; }

}  // namespace a::retry

template <class A> concept Small = sizeof(A) < 8;

int main() { return a::retry::describe(new a::Point()); }
