// swift-tools-version: 6.3
// The rooms of docs/design (README, "Map of the rooms") and the arrows between them. Nothing points up or sideways.
import PackageDescription

/// One set of settings for every Swift target.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
    .enableUpcomingFeature("InferIsolatedConformances"),  // SE-0470
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, exclude: ["README.md"], swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name,
        dependencies: ["TestTools"] + dependencies,
        exclude: exclude,
        swiftSettings: strict
    )
}

let package = Package(
    name: "easel",
    products: [
        .executable(name: "easel", targets: ["easel"]),
        .library(name: "Easel", targets: ["Easel"]),
    ],
    targets: [
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "CUV", pkgConfig: "libuv"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1"),
        .systemLibrary(name: "CImageCodecs", pkgConfig: "spng"),
        .systemLibrary(name: "CLCMS2", pkgConfig: "lcms2"),
        .systemLibrary(name: "CIDN2", pkgConfig: "libidn2"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium"),
        .systemLibrary(name: "CMalloc"),
        .target(name: "CLLHTTP", cSettings: [.define("LLHTTP_STRICT_MODE", to: "1")]),
        .target(name: "CPageFiles"),

        room("EaselBase", ["CSodium"]),
        room("EaselCore", ["EaselBase"]),
        room("EaselTransport", ["EaselBase", "CUV", "CCurl", "CIDN2", "CZlib"]),
        room("EaselServer", ["EaselBase", "EaselTransport", "CUV", "CLLHTTP"]),
        // Below the calls, which record their spans, and above the client, which brings them away.
        room("EaselTracing", ["EaselBase", "EaselTransport"]),
        room("EaselImaging", ["EaselBase", "EaselCore", "CImageCodecs", "CLCMS2"]),
        room("EaselConfiguration", ["EaselBase", "EaselCore", "CYAML"]),
        room("EaselProviders", ["EaselBase", "EaselCore", "EaselTransport", "EaselImaging"]),
        room("EaselLedger", ["EaselBase", "EaselCore", "CPostgres"]),
        room("EaselMemory", ["EaselBase", "EaselCore"]),
        room("EaselReporting", ["EaselBase", "EaselCore"]),
        // Knows no HTTP server: whoever brings a request here is somebody else's business.
        room(
            "EaselCalls",
            ["EaselBase", "EaselCore", "EaselTransport", "EaselTracing", "EaselProviders", "EaselImaging"]
        ),
        room(
            "EaselGateway",
            [
                "EaselBase", "EaselCore", "EaselTransport", "EaselTracing", "EaselServer", "EaselImaging", "EaselCalls",
                "EaselReporting",
                "CPageFiles",
            ]
        ),
        // Not in Sources/Easel, which is Sources/easel where a file system takes both for one name.
        .target(
            name: "Easel",
            dependencies: [
                "EaselBase", "EaselCore", "EaselTransport", "EaselConfiguration", "EaselProviders", "EaselLedger",
                "EaselMemory", "EaselCalls",
            ],
            path: "Sources/EaselLibrary",
            exclude: ["README.md"],
            swiftSettings: strict
        ),
        // A program of somebody else's, as far as the compiler goes: it sees what is public.
        .executableTarget(
            name: "remix-example",
            dependencies: ["Easel"],
            path: "Examples/remix",
            packageAccess: false,
            swiftSettings: strict
        ),
        room("EaselSandbox", ["EaselBase", "EaselCore", "EaselTransport", "EaselServer", "EaselImaging"]),
        .executableTarget(
            name: "planner-bench",
            dependencies: ["EaselBase", "EaselCore"],
            path: "Benchmarks/planner",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "fuzz",
            dependencies: ["EaselBase", "EaselCore", "EaselTransport", "EaselServer", "EaselProviders"],
            path: "Benchmarks/fuzz",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "reference",
            dependencies: ["EaselBase", "EaselCore", "EaselConfiguration", "EaselProviders", "EaselGateway"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "easel",
            dependencies: [
                "EaselBase", "EaselCore", "EaselTransport", "EaselTracing", "EaselServer", "EaselImaging",
                "EaselConfiguration", "EaselProviders", "EaselLedger", "EaselReporting", "EaselCalls", "EaselGateway",
                "EaselSandbox", "Easel", "CMalloc",
            ],
            exclude: ["README.md"],
            swiftSettings: strict
        ),

        .target(
            name: "TestTools",
            dependencies: ["EaselBase"],
            path: "Tests/TestTools",
            swiftSettings: strict
        ),
        .target(
            name: "TestKit",
            dependencies: [
                "TestTools", "EaselBase", "EaselCore", "EaselTransport", "EaselServer", "EaselImaging", "EaselMemory",
                "EaselLedger",
            ],
            path: "Tests/TestKit",
            swiftSettings: strict
        ),
        // A third kind of provider with its simulation, as somebody would add it.
        .target(
            name: "ThirdKind",
            dependencies: [
                "EaselBase", "EaselCore", "EaselTransport", "EaselImaging", "EaselProviders", "EaselSandbox",
            ],
            path: "Tests/ThirdKind",
            swiftSettings: strict
        ),
        tests("EaselBaseTests", ["EaselBase"]),
        tests("EaselCoreTests", ["EaselBase", "EaselCore"]),
        tests("EaselTransportTests", ["EaselBase", "EaselTransport", "EaselServer", "CUV"]),
        tests("EaselTracingTests", ["TestKit", "EaselBase", "EaselTransport", "EaselServer", "EaselTracing"]),
        tests("EaselImagingTests", ["EaselBase", "EaselCore", "EaselImaging"]),
        tests("EaselConfigurationTests", ["EaselBase", "EaselCore", "EaselConfiguration", "EaselProviders"]),
        tests("LedgerConformanceTests", ["TestKit", "EaselBase", "EaselCore", "EaselMemory", "EaselLedger"]),
        tests("EaselLedgerTests", ["TestKit", "EaselBase", "EaselCore", "EaselLedger", "CPostgres"]),
        tests(
            "EaselProvidersTests",
            ["ThirdKind", "EaselBase", "EaselCore", "EaselTransport", "EaselServer", "EaselProviders", "EaselImaging"],
            exclude: ["Snapshots"]
        ),
        tests("EaselReportingTests", ["EaselBase", "EaselCore", "EaselReporting"], exclude: ["Snapshots"]),
        tests(
            "EaselSandboxTests",
            ["EaselBase", "EaselCore", "EaselTransport", "EaselServer", "EaselImaging", "EaselSandbox"]
        ),
        tests(
            "EaselCallsTests",
            [
                "TestKit", "EaselBase", "EaselCore", "EaselTransport", "EaselTracing", "EaselServer", "EaselProviders",
                "EaselImaging", "EaselMemory", "EaselCalls",
            ]
        ),
        tests(
            "EaselGatewayTests",
            [
                "TestKit", "EaselBase", "EaselCore", "EaselTransport", "EaselTracing", "EaselServer", "EaselProviders",
                "EaselImaging", "EaselReporting", "EaselCalls", "EaselGateway",
            ]
        ),
        tests(
            "ConformanceTests",
            [
                "ThirdKind", "EaselBase", "EaselCore", "EaselTransport", "EaselProviders", "EaselImaging",
                "EaselLedger",
                "EaselSandbox",
            ]
        ),
        tests(
            "EaselTests",
            [
                "TestKit", "EaselBase", "EaselCore", "EaselTransport", "EaselLedger", "EaselSandbox", "Easel",
                "remix-example",
            ]
        ),
        tests("ProofTests", []),
        tests(
            "EndToEndTests",
            [
                "TestKit", "ThirdKind", "EaselBase", "EaselCore", "EaselTransport", "EaselTracing", "EaselServer",
                "EaselProviders", "EaselImaging", "EaselLedger", "EaselReporting", "EaselCalls", "EaselGateway",
                "EaselSandbox", "EaselConfiguration",
            ],
            exclude: ["Snapshots"]
        ),
    ]
)
