// swift-tools-version: 6.3
import PackageDescription

// The modules are those of the package above, reached through the links `Sluice` and `Tests`: what
// they share has package access, which ends where a package does. Everything is compiled with the
// coverage that libFuzzer steers by, except what only checks.

let language: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
]

func module(_ name: String, on dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sluice/\(name)",
        swiftSettings: language + [.unsafeFlags(["-sanitize=fuzzer,address"])])
}

func support(_ name: String, on dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Tests/\(name)",
        swiftSettings: [.swiftLanguageMode(.v6), .unsafeFlags(["-sanitize=address"])])
}

func system(_ name: String, _ pkgConfig: String) -> Target {
    .systemLibrary(name: name, path: "Sluice/\(name)", pkgConfig: pkgConfig)
}

let package = Package(
    name: "fuzz",
    targets: [
        system("COpenSSL", "openssl"),
        system("CNGHTTP2", "libnghttp2"),
        system("CYAML", "yaml-0.1"),
        module("Locking", on: []),
        module("HTTPModel", on: []),
        module("HTTP1", on: ["HTTPModel"]),
        module("HTTP2", on: ["CNGHTTP2", "HTTPModel", "HTTP1"]),
        module("ProxyProtocol", on: []),
        module("EventStream", on: []),
        module("Policy", on: ["HTTPModel"]),
        module("TLS", on: ["COpenSSL", "Locking"]),
        module("Identity", on: ["HTTPModel", "Policy", "TLS"]),
        module("Settings", on: ["HTTPModel", "Policy", "Identity", "CYAML"]),
        support("TestRandom"),
        support("EventStreamReference", on: ["EventStream"]),
        support("HTTP1Reading", on: ["HTTP1", "HTTPModel"]),
        support(
            "FuzzTargets",
            on: [
                "TestRandom", "EventStreamReference", "HTTP1Reading", "HTTPModel", "HTTP1",
                "HTTP2", "ProxyProtocol", "EventStream", "Policy", "TLS", "Identity", "Settings",
            ]),
        .target(name: "CFuzzer"),
        .executableTarget(
            name: "Fuzz", dependencies: ["CFuzzer", "FuzzTargets"],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .unsafeFlags(["-parse-as-library", "-sanitize=address"]),
            ],
            linkerSettings: [
                .unsafeFlags(["-sanitize=address", "-use-ld=lld"]), .linkedLibrary("stdc++"),
            ]),
    ]
)
