import DemoGateway

/// A gateway and Sluice in front of it.
package struct Stage: Sendable {
    package let gateway: TestGateway
    package let sluice: SluiceProcess

    package init(
        _ profile: DemoGatewayProfile = .quiet, _ options: SluiceOptions = SluiceOptions()
    ) async throws {
        gateway = try TestGateway(profile)
        sluice = try await SluiceProcess(gateway: gateway.address, options: options)
    }

    package init(
        _ profile: DemoGatewayProfile = .quiet, _ change: (inout SluiceOptions) -> Void
    ) async throws {
        try await self.init(profile, SluiceOptions(change))
    }
}
