internal import CNGHTTP2

/// Makes sessions of nghttp2, all with the same callbacks and options.
enum NewSession {
    /// HEADERS and as many CONTINUATION frames hold the largest field section that we take.
    static func continuationsMax(_ limits: SessionLimits) -> Int {
        max(5, limits.headerBytesMax / 16_384 + 1)
    }
    /// Acknowledgements that may be owed at a time.
    private static let acknowledgementsMax = 128
    /// Settings in one frame.
    private static let settingsMax = 32

    static func make(_ limits: SessionLimits) throws(SessionFailure) -> OpaquePointer {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        var session: OpaquePointer?
        // SAFETY: nghttp2 fills in the pointers, and copies callbacks and options into the session.
        defer {
            unsafe nghttp2_session_callbacks_del(callbacks)
            unsafe nghttp2_option_del(options)
        }
        guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0,
            unsafe nghttp2_option_new(&options) == 0
        else { throw .library(NGHTTP2_ERR_NOMEM.rawValue) }
        unsafe setCallbacks(callbacks)
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        // Closed streams are kept for nothing but priorities that nobody uses.
        unsafe nghttp2_option_set_no_closed_streams(options, 1)
        unsafe nghttp2_option_set_max_outbound_ack(options, acknowledgementsMax)
        unsafe nghttp2_option_set_max_settings(options, settingsMax)
        // nghttp2 counts such a frame anew for each read that brings a part of its header.
        unsafe nghttp2_option_set_max_continuations(options, continuationsMax(limits) * 9)
        // The head of a response may be as long as in HTTP/1.1; nghttp2 reckons with a dozen bytes
        // more for each field.
        unsafe nghttp2_option_set_max_send_header_block_length(
            options, limits.headerBytesMax * 2 + 65_536)
        // Ours counts first; nghttp2's stands behind it.
        unsafe nghttp2_option_set_stream_reset_rate_limit(
            options, UInt64(limits.resetsMax) * 2, UInt64(limits.resetsMax))
        let result = unsafe nghttp2_session_server_new2(&session, callbacks, nil, options)
        guard result == 0, let session = unsafe session else { throw .library(result) }
        return unsafe session
    }

    private static func setCallbacks(_ callbacks: OpaquePointer?) {
        // SAFETY: plain functions; the session gives them its user data.
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
        unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(
            callbacks, onInvalidHeader)
        unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
            callbacks, onInvalidFrame)
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onStreamClose)
    }
}
