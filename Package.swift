// swift-tools-version: 6.3
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

/// Only for the modules that hand out spans of memory they own.
let lending = strict + [.enableExperimentalFeature("Lifetimes")]

/// A module of ours. The list below is the direction of imports: a module may only import what
/// stands above it, and the dependencies written here are the arrows.
func module(
    _ name: String, on dependencies: [Target.Dependency], settings: [SwiftSetting] = strict
) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(
    _ name: String, on dependencies: [Target.Dependency], resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, resources: resources,
        swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
}

let package = Package(
    name: "sluice",
    products: [.executable(name: "sluice", targets: ["sluice"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
    ],
    targets: [
        .target(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

        module("Locking", on: []),
        module("HTTPModel", on: []),
        module("HTTP1", on: ["HTTPModel"]),
        module("HTTP2", on: ["CNGHTTP2", "HTTPModel", "HTTP1"], settings: lending),
        module("ProxyProtocol", on: []),
        module("EventStream", on: []),
        module("Policy", on: ["HTTPModel"]),
        module("Ledger", on: ["Policy"]),
        module("Pacing", on: ["Ledger"]),
        module("Telemetry", on: ["Locking", "Ledger"]),
        module("Reactor", on: ["CLinux", "Locking"], settings: lending),
        module("TLS", on: ["COpenSSL", "Locking"], settings: lending),
        module("Identity", on: ["HTTPModel", "Policy", "TLS"]),
        module("Settings", on: ["HTTPModel", "HTTP1", "Policy", "Identity", "CYAML"]),
        module(
            "Proxy",
            on: [
                "Locking", "HTTPModel", "HTTP1", "HTTP2", "ProxyProtocol", "EventStream", "Policy",
                "Ledger", "Pacing", "Telemetry", "Reactor", "TLS", "Identity", "Settings",
            ], settings: lending),
        module("DemoGateway", on: ["Locking", "HTTPModel", "HTTP1", "Reactor"]),
        .executableTarget(
            name: "sluice",
            dependencies: [
                "Policy", "Telemetry", "Reactor", "TLS", "Identity", "Settings", "Proxy",
                "DemoGateway", "HTTPModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        tests("HTTP1Tests", on: ["TestRandom", "HTTP1Reading", "HTTP1", "HTTPModel"]),
        tests("HTTP2Tests", on: ["TestRandom", "HTTP2", "HTTP1", "HTTPModel", "CNGHTTP2"]),
        tests("ProxyProtocolTests", on: ["TestRandom", "ProxyProtocol"]),
        tests("EventStreamTests", on: ["TestRandom", "EventStreamReference", "EventStream"]),
        tests("PolicyTests", on: ["TestRandom", "Policy", "HTTPModel"]),
        tests("LedgerTests", on: ["TestRandom", "Ledger", "Policy", "HTTPModel"]),
        tests("PacingTests", on: ["TestRandom", "Pacing"]),
        tests("TelemetryTests", on: ["TestRandom", "Telemetry", "Ledger"]),
        tests("ReactorTests", on: ["TestRandom", "Reactor"]),
        tests("IdentityTests", on: ["TestRandom", "Identity", "HTTPModel", "Policy", "TLS"]),
        tests("TLSTests", on: ["TestRandom", "TLS"]),
        tests(
            "SettingsTests", on: ["TestRandom", "Settings", "Policy", "Identity", "EventStream"],
            resources: [.copy("Golden")]),
        tests("ProxyTests", on: ["TestRandom", "Proxy"]),
        .target(
            name: "TestRandom", path: "Tests/TestRandom",
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .target(
            name: "TestSupport",
            dependencies: [
                "Locking", "Reactor", "TLS", "HTTP1", "HTTPModel", "DemoGateway", "CNGHTTP2",
            ],
            path: "Tests/TestSupport",
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .target(
            name: "EventStreamReference", dependencies: ["EventStream"],
            path: "Tests/EventStreamReference",
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .target(
            name: "HTTP1Reading", dependencies: ["HTTP1", "HTTPModel"], path: "Tests/HTTP1Reading",
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "TestRandom", "EventStreamReference", "HTTP1Reading", "HTTPModel", "HTTP1",
                "HTTP2", "ProxyProtocol", "EventStream", "Policy", "TLS", "Identity", "Settings",
            ],
            path: "Tests/FuzzTargets",
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        tests("FuzzTests", on: ["FuzzTargets"]),
        tests("DocumentTests", on: []),
        tests(
            "ScenarioTests",
            on: ["TestRandom", "Locking", "TestSupport", "DemoGateway", "sluice"]),
        tests(
            "InteropTests", on: ["TestSupport", "DemoGateway", "Reactor", "sluice"],
            resources: [.copy("Fixtures")]),
    ]
)
