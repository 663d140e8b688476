// The calls of the server's interface that the site makes.

export function createApi(request) {

    function student(user) {
        return `/api/classes/${encodeURIComponent(user.classid)}`
            + `/students/${encodeURIComponent(user.userid)}`;
    }

    // project: anything with classid, userid and id
    function address(project, rest = '') {
        return `${student(project)}/projects/`
            + `${encodeURIComponent(project.id)}${rest}`;
    }

    async function data(method, path, options) {
        return (await request(method, path, options)).data;
    }

    return {
        // Resolves when the server answers.
        probe() {
            return data('GET', '/api');
        },

        startSession() {
            return data('POST', '/api/sessionusers',
                { body: { turnstile: 'none' } });
        },

        endSession(user) {
            return data('DELETE', `/api/classes/${user.classid}/sessionusers/`
                + encodeURIComponent(user.userid), { empty: true });
        },

        listProjects(user, options) {
            return data('GET', `${student(user)}/projects`, options);
        },

        // project: { name, type, language }
        createProject(user, project) {
            return data('POST', `${student(user)}/projects`,
                { body: project });
        },

        getProject(project, options) {
            return data('GET', address(project), options);
        },

        deleteProject(project) {
            return data('DELETE', address(project), { empty: true });
        },

        // Both return all labels of the project.
        addLabel(project, value) {
            return data('PATCH', address(project),
                { body: [{ op: 'add', path: '/labels', value }] });
        },

        removeLabel(project, value) {
            return data('PATCH', address(project),
                { body: [{ op: 'remove', path: '/labels', value }] });
        },

        countExamples(project, options) {
            return data('GET', address(project, '/labels'), options);
        },

        // Returns { items, total }; total is more than items when the server
        // did not send all.
        async listExamples(project, options) {
            const reply = await request('GET', address(project, '/training'),
                { ...options, headers: { Range: 'items=0-3000' } });
            const range = reply.headers.get('Content-Range') ?? '';
            const total = /\/(\d+)$/.exec(range);

            return {
                items: reply.data,
                total: total ? Number(total[1]) : reply.data.length,
            };
        },

        addExample(project, example, label) {
            return data('POST', address(project, '/training'),
                { body: { data: example, label } });
        },

        removeExample(project, id) {
            return data('DELETE', address(project,
                `/training/${encodeURIComponent(id)}`), { empty: true });
        },

        listModels(project, options) {
            return data('GET', address(project, '/models'), options);
        },

        trainModel(project) {
            return data('POST', address(project, '/models'),
                { body: {}, timeout: 180000 });
        },

        deleteModel(project, model) {
            return data('DELETE', address(project,
                `/models/${encodeURIComponent(model.classifierid)}`),
                { empty: true });
        },

        // Returns matches, best first.
        testText(project, model, text) {
            return data('POST', address(project,
                `/models/${encodeURIComponent(model.classifierid)}/label`),
                { body: { type: 'text', text,
                          credentialsid: model.credentialsid } });
        },

        listScratchKeys(project, options) {
            return data('GET', address(project, '/scratchkeys'), options);
        },
    };
}
