using System;
using System.Collections.Generic;
using Clk = A.Clock;
using static A.Limits.Most;

namespace A.Retrying;

/// <summary>How often something is tried.</summary>
[Service("retry")]
public class Retry<T> : Parent, IPolicy where T : Base
{
    private const int Limit = 3;
    internal int tries;

    public Retry(Clk clock) : base(clock) { }

    public int Tries { get; set; }

    /// What is next.
    public override async Task<List<T>> Next(int by)
    {
        bool Within(int limit) => limit > Limit;
        return await this.Advance(Waits.Of(by)).Select(Describe);
    }

    static string Describe(int by) => new Outcome(by).Tell();

    public event EventHandler Changed;
}

public interface IPolicy { int Next(int by); }
public struct Point { public int X; }
public enum State { Done, Failed = 2 }
public record Pair(int A, int B);
public delegate void Handler(int by);
