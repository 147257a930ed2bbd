import HTTPModel

/// Answers to those who may come back: what the libraries of language models show to a person.
extension Answer {
    /// `code` and `message` are constant words of ours, or text that needs no escape in JSON.
    package static func refusal(
        _ status: Int, code: String, message: String, limit: Int? = nil, retryAfter seconds: Int
    ) -> Answer {
        let type = status == 429 ? "rate_limit_error" : "overloaded_error"
        let limit = limit.map { #","limit":\#($0)"# } ?? ""
        return Answer(
            status: status,
            body:
                #"{"error":{"type":"\#(type)","code":"\#(code)","message":"\#(message)"\#(limit)}}"#,
            fields: [(.retryAfter, String(seconds))])
    }
}
