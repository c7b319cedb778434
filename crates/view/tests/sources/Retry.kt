package a.retry

import a.clock.Clock
import a.limits.MAX_TRIES as TRIES
import a.all.*

/** How often something is tried. */
@Service
class Retry<T : Base>(private val clock: Clock, val tries: Int) : Parent(clock), Policy {
    val limit: Int = 3

    // What is next.
    override fun next(by: Int): List<T> {
        return advance(wait(by)).map(::describe)
    }

    private fun advance(by: Int) = Outcome(by).tell(TRIES)

    companion object {
        const val LIMIT = 3
        fun of(): Retry = Retry(Clock.now(), 1)
    }
}

interface Policy {
    fun next(by: Int): List<Int>
}

enum class State { DONE, FAILED }

object Registry {
    fun add() {}
}

data class Point(val x: Int)

typealias Wait = Long

fun String.describe(by: Int): String = "$this"

val NAME = "retry"
