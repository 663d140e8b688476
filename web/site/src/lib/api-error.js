// Errors of the server as the site's own kinds.

const KINDS = {
    400: 'invalid',
    401: 'session',
    403: 'forbidden',
    404: 'missing',
    409: 'conflict',
    412: 'full',
    413: 'toobig',
    415: 'invalid',
    429: 'fast',
    502: 'busy',
    503: 'busy',
    504: 'busy',
};


export class ApiError extends Error {
    // kind: one of KINDS' values, or `offline`, `slow`, `server`, `gone` (the
    // page that asked was left).  status is 0 where no answer came.
    constructor(kind, { status = 0, code, text, retryAfter } = {}) {
        super(text || kind);
        this.kind = kind;
        this.status = status;
        this.code = code;
        this.retryAfter = retryAfter;
    }
}


// body: the parsed JSON of the answer, if any
export function errorFromReply(status, body, retryAfter) {
    const details = {
        status,
        code: typeof body?.code === 'string' ? body.code : undefined,
        text: typeof body?.error === 'string' ? body.error : undefined,
        retryAfter: /^\d+$/.test(retryAfter ?? '')
            ? Number(retryAfter) : undefined,
    };

    return new ApiError(KINDS[status] ?? 'server', details);
}
