import Foundation
import Reactor
import TestSupport
import Testing

/// A network of the test's own: a namespace, joined to the one of the tests by two wires that can be
/// cut. What is sent over a wire that is cut vanishes, and nobody is told: no FIN, no reset, no
/// message that the host cannot be reached (ip-netns(8), veth(4)).
///
/// The wires share one pair of interfaces and differ in their addresses, out of the range that
/// RFC 2544 keeps for tests.
final class GhostNetwork: Sendable {
    enum Wire: Int, Sendable { case first, second }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let turn: NetworkTurn
    private let number: Int
    private var name: String { "sluice-ghost-\(number)" }
    private var interface: String { "ghost\(number)" }
    /// No interface has it.
    private static let nobody = "02:00:00:00:00:01"

    /// Whether this machine lets the tests make one.
    static let isPossible =
        GhostNetwork.succeeds("unshare", "--net", "true") && GhostNetwork.succeeds("ip", "link")
    static let isNeeded = "needs root and iproute2, to make a network namespace"

    private static func succeeds(_ command: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        (process.standardOutput, process.standardError) = (nil, nil)
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    init() async throws {
        turn = await NetworkTurn.take()
        number = try await Self.claim()
        let far = ["ip", "-n", name]
        try await Self.run([
            "ip", "link", "add", interface, "type", "veth", "peer", "name", "far", "netns", name,
        ])
        for wire in [Wire.first, .second] {
            try await Self.run(["ip", "address", "add", near(wire) + "/25", "dev", interface])
            try await Self.run(far + ["address", "add", self.far(wire) + "/25", "dev", "far"])
        }
        try await Self.run(["ip", "link", "set", interface, "up"])
        for interface in ["lo", "far"] {
            try await Self.run(far + ["link", "set", interface, "up"])
        }
    }

    /// The wires go by themselves: sockets that are still closing keep the namespace for a while.
    deinit {
        let commands = "ip link delete \(interface); ip netns delete \(name)"
        do {
            let child = try ChildProcess(["sh", "-c", commands])
            // The turn of others begins when the wires are gone.
            Task { [turn] in
                _ = try? await child.waitForExit()
                withExtendedLifetime(turn) {}
            }
        } catch {
            Issue.record(error, "\(name) is left over")
        }
    }

    /// A number that no other run of the tests has.
    private static func claim() async throws -> Int {
        for number in 0..<256 {
            let child = try ChildProcess(["ip", "netns", "add", "sluice-ghost-\(number)"])
            if try await child.waitForExit() == .code(0) { return number }
        }
        throw Failure(description: "256 namespaces are left over; see ip netns list")
    }

    /// What starts a program inside.
    var entrance: [String] { ["ip", "netns", "exec", name] }

    /// The address of the tests' end.
    func near(_ wire: Wire) -> String { "198.18.\(number).\(wire.rawValue * 128 + 1)" }
    /// The address of the end inside.
    func far(_ wire: Wire) -> String { "198.18.\(number).\(wire.rawValue * 128 + 2)" }

    /// From now on neither end hears of the other: each sends to an interface that is not there.
    func cut(_ wire: Wire) async throws {
        let replace = ["neighbor", "replace"]
        let lost = ["lladdr", Self.nobody, "nud", "permanent", "dev"]
        try await Self.run(["ip"] + replace + [far(wire)] + lost + [interface])
        try await Self.run(["ip", "-n", name] + replace + [near(wire)] + lost + ["far"])
    }

    func mend(_ wire: Wire) async throws {
        try await Self.run(["ip", "neighbor", "delete", far(wire), "dev", interface])
        try await Self.run(["ip", "-n", name, "neighbor", "delete", near(wire), "dev", "far"])
    }

    /// From now on larger packets than that vanish on their way to the tests' end.
    func setNearMTU(_ count: Int) async throws {
        try await Self.run(["ip", "link", "set", interface, "mtu", "\(count)"])
    }

    /// Whether packets can be lost by chance, too.
    static let canLose = isPossible && succeeds("nft", "--version")
    static let losesBy = "needs root, iproute2 and nftables, to lose packets by chance"

    /// From now on the inside loses what `rule` of nft(8) says, of what comes and of what goes. Nobody
    /// is told.
    func lose(_ rule: String) async throws {
        let inside = entrance + ["nft"]
        try await Self.run(inside + ["add", "table", "inet", "loss"])
        for hook in ["input", "output"] {
            let place = ["inet", "loss", hook]
            let what = "{ type filter hook \(hook) priority 0; }"
            try await Self.run(inside + ["add", "chain"] + place + [what])
            try await Self.run(inside + ["add", "rule"] + place + [rule, "counter", "drop"])
        }
    }

    /// How many packets that rule has lost.
    func lostCount() async throws -> Int {
        let child = try ChildProcess(entrance + ["nft", "list", "table", "inet", "loss"])
        guard try await child.waitForExit() == .code(0) else {
            throw Failure(description: "nft list: \(child.errors)")
        }
        return child.lines.reduce(0) { sum, line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "packets"), at + 1 < words.count else { return sum }
            return sum + (Int(words[at + 1]) ?? 0)
        }
    }

    private static func run(_ command: [String]) async throws {
        let child = try ChildProcess(command)
        guard try await child.waitForExit() == .code(0) else {
            throw Failure(description: "\(command.joined(separator: " ")): \(child.errors)")
        }
    }
}
