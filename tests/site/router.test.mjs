import assert from 'node:assert/strict';
import test from 'node:test';
import { findRoute, match, parseHash, projectPath }
    from '../../web/site/src/lib/router.js';


test('addresses behind the hash', () => {
    assert.equal(parseHash('').path, '/');
    assert.equal(parseHash('#!/').path, '/');
    assert.equal(parseHash('#!/about/').path, '/about');
    assert.equal(parseHash('#/about').path, '/about');

    const { path, query } = parseHash('#!/login?next=a%20b');

    assert.equal(path, '/login');
    assert.equal(query.get('next'), 'a b');
});


test('patterns', () => {
    assert.deepEqual(match('/mlproject/:user/:project', '/mlproject/a%7Cb/c'),
        { user: 'a|b', project: 'c' });
    assert.equal(match('/mlproject/:user/:project', '/mlproject/a'), null);
    assert.equal(match('/x/:id', '/x/%E0%A4%A'), null);
    assert.deepEqual(match('/', '/'), {});
});


test('the first route that fits', () => {
    const routes = [{ paths: ['/a', '/b'], id: 1 }, { paths: ['/:any'], id: 2 }];

    assert.equal(findRoute(routes, '/b').route.id, 1);
    assert.equal(findRoute(routes, '/c').route.id, 2);
    assert.equal(findRoute(routes, '/c/d'), null);
});


test('a project address survives its way through the router', () => {
    const project = { userid: 'auth0|1', id: 'p/1' };

    assert.deepEqual(match('/mlproject/:user/:project/training',
        projectPath(project, 'training')),
        { user: 'auth0|1', project: 'p/1' });
});
