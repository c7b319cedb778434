<?php
namespace A\Retrying;

use A\Clock;
use A\Limits\{Most, Least as L};
use function A\wait;
require_once 'helpers.php';

const LIMIT = 3;
define('OTHER', 4);

/**
 * How often something is tried.
 */
#[Service]
final class Retry extends Base implements Policy
{
    use Loud;

    public const MOST = 3;
    private int $tries = 0;

    public function __construct(private Clock $clock) {}

    /** What is next. */
    public function next(int $by): ?array
    {
        return $this->advance(wait($by), Waits::of(self::MOST));
    }

    private static function advance(Most $by)
    {
        return array_map('describe', new Outcome($by));
    }
}

interface Policy { public function next(int $by): ?array; }
trait Loud { function shout() {} }
enum State: string { case Done = 'd'; case Failed = 'f'; }

function describe($retry) { return \strlen($retry->name); }
