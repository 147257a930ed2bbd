import DemoGateway

extension Checksum {
    /// The sum of the first `count` bytes of the pattern.
    package init(pattern count: Int) {
        self.init()
        let block = DemoPattern.block
        var left = count
        while left > 0 {
            let piece = min(left, block.count)
            add(block.span.extracting(0..<piece))
            left -= piece
        }
    }
}
