/// Why TLS could not be set up: one line that names the file, what is wrong with it, and the mend.
package struct TLSSetupError: Error, Equatable, CustomStringConvertible {
    package let message: String

    init(_ message: String) { self.message = message }

    package var description: String { message }
}
