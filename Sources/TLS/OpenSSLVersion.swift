private import COpenSSL

/// Which OpenSSL this process runs with: the shared library's own words, not the headers'.
package enum OpenSSLVersion {
    /// For example `OpenSSL 3.0.22 25 Aug 2026`.
    package static var runtime: String {
        // SAFETY: the function returns a string constant of the library.
        unsafe String(cString: OpenSSL_version(OPENSSL_VERSION))
    }
}
