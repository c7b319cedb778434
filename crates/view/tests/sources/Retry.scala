package a.retry

import a.clock.Clock
import a.limits.{MAX_TRIES => Tries, Wait}
import a.all._

/** How often something is tried. */
@service
class Retry[T <: Base](clock: Clock, val tries: Int) extends Parent(clock) with Policy {
  val limit: Int = 3
  private var state = 0

  // What is next.
  override def next(by: Int): List[T] = {
    advance(Waits.of(by)).map(describe)
  }

  private def advance(by: Int) = new Outcome(by).tell(Tries)
}

object Retry {
  def of(): Retry = Retry(Clock.now(), 1)
}

trait Policy {
  def next(by: Int): List[Int]
}

case class Point(x: Int)

enum State {
  case Done, Failed
}

type Wait = Long
