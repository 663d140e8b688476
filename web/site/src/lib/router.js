// Pages are addresses behind "#!": the server only ever sees "/".

// hash: location.hash.  "#!/a/b?c=d" -> { path: "/a/b", query }
export function parseHash(hash) {
    const text = hash.replace(/^#!?/, '');
    const mark = text.indexOf('?');
    const path = mark === -1 ? text : text.slice(0, mark);
    const query = new URLSearchParams(mark === -1 ? '' : text.slice(mark));
    const trimmed = path.replace(/^\/+|\/+$/g, '');

    return { path: `/${trimmed}`, query };
}


function segments(path) {
    return path.split('/').filter((part) => part !== '');
}


// Returns the parameters of path if it fits pattern ("/project/:id"), else null.
export function match(pattern, path) {
    const wanted = segments(pattern);
    const given = segments(path);

    if (wanted.length !== given.length) {
        return null;
    }

    const params = {};

    for (let i = 0; i < wanted.length; i++) {
        if (!wanted[i].startsWith(':')) {
            if (wanted[i] !== given[i]) {
                return null;
            }
            continue;
        }

        try {
            params[wanted[i].slice(1)] = decodeURIComponent(given[i]);
        } catch {
            return null;
        }
    }

    return params;
}


// routes: rows with `paths`.  Returns { route, params } of the first that fits.
export function findRoute(routes, path) {
    for (const route of routes) {
        for (const pattern of route.paths) {
            const params = match(pattern, path);

            if (params) {
                return { route, params };
            }
        }
    }

    return null;
}


export function href(path) {
    return `#!${path}`;
}


// rest: what follows the project's own address, for example "training"
export function projectPath(project, rest) {
    const base = `/mlproject/${encodeURIComponent(project.userid)}`
        + `/${encodeURIComponent(project.id)}`;

    return rest ? `${base}/${rest}` : base;
}


export function go(path, { replace = false } = {}) {
    if (replace) {
        location.replace(href(path));
    } else {
        location.hash = href(path);
    }
}
