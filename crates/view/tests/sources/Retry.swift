import Foundation
@testable import struct Limits.Most

/// How often something is tried.
@MainActor
public final class Retry<T: Base>: Parent, Policy {
    static let limit = 3
    private var tries: Int = 0

    public init(clock: Clock) {
        self.clock = clock
    }

    // What is next.
    override func next(by: Int) -> [T] {
        return advance(Waits.of(by)).map(describe)
    }
}

protocol Policy {
    associatedtype Item
    var limit: Int { get }
    func next(by: Int) -> [Int]
}

enum State {
    case done
    case failed(why: String)
}

struct Point { let x: Int }

extension Retry: Sendable {
    func advance(_ by: Int) -> Int { Outcome(by).tell() }
}

typealias Wait = Int

func describe(_ by: Int) -> String { "\(by)" }

let name = "retry"
