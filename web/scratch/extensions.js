/*
 * Loads the blocks of machine learning projects into the editor, in the page
 * itself: the package's worker cannot run blocks that ask the server, nor
 * hats.  A script that runs here may do anything that the child may, so that
 * only those which this server writes are loaded.
 *
 * Three names used here are private to the package (_registerInternalExtension,
 * _loadedExtensions, _addSprite3): tests/browser looks after them.
 */

import { placeholderFor, readSavedProject } from './saved-project.js';

const SCRIPT = /^\/api\/scratch\/(?:[^/]+\/){1,3}extension(?:3|slm|tfjs)\.js$/;
const MOST_ADDRESSES = 20;


/* Why an extension could not be loaded; reason is the name of a text. */
export class ExtensionError extends Error {
    constructor(reason) {
        super(reason);
        this.reason = reason;
    }
}


/* The address as a URL if it is one of this server's scripts, else null. */
export function ownScript(address) {
    let url;

    try {
        url = new URL(address, location.href);
    } catch {
        return null;
    }

    return url.origin === location.origin && SCRIPT.test(url.pathname)
        ? url : null;
}


/* Says why a script did not run. */
async function reasonFor(url) {
    try {
        const { status } = await fetch(url);

        return status === 404 || status === 400 ? 'unknownKey' : 'serverAway';
    } catch {
        return 'serverAway';
    }
}


export class Extensions {

    /*
     * vm: the editor's virtual machine.  onInert(ids) is called when a saved
     * project has blocks that cannot be connected.
     */
    constructor(vm, { inertName, onInert }) {
        this.vm = vm;
        this.inertName = inertName;
        this.onInert = onInert;
        this.addresses = new Map();
        this.lastLoad = Promise.resolve();
        this.registered = [];
        this.saved = null;

        this.offerScratch();
        this.watchManager();
        this.watchFiles();
    }


    /* The global that extension scripts are written against. */
    offerScratch() {
        const { vm } = this;

        window.Scratch = {
            ArgumentType: {
                ANGLE: 'angle',
                BOOLEAN: 'Boolean',
                COLOR: 'color',
                COSTUME: 'costume',
                IMAGE: 'image',
                MATRIX: 'matrix',
                NOTE: 'note',
                NUMBER: 'number',
                SOUND: 'sound',
                STRING: 'string'
            },
            BlockType: {
                BOOLEAN: 'Boolean',
                BUTTON: 'button',
                COMMAND: 'command',
                CONDITIONAL: 'conditional',
                EVENT: 'event',
                HAT: 'hat',
                LOOP: 'loop',
                REPORTER: 'reporter'
            },
            TargetType: { SPRITE: 'sprite', STAGE: 'stage' },
            vm,
            runtime: vm.runtime,
            extensions: {
                unsandboxed: true,
                register: (extension) => this.register(extension)
            }
        };
    }


    register(extension) {
        const manager = this.vm.extensionManager;
        const { id } = extension.getInfo();

        if (!manager.isExtensionLoaded(id)) {
            manager._loadedExtensions.set(
                id, manager._registerInternalExtension(extension));
        }

        this.registered.push(id);
    }


    /*
     * Runs the script at an address; resolves to the ids of the extensions
     * that it registered, rejects with an ExtensionError.  One at a time, so
     * that it is known which script registers what.
     */
    load(address) {
        const load = this.lastLoad.then(() => this.runScript(address));

        this.lastLoad = load.catch(() => undefined);
        return load;
    }


    async runScript(address) {
        const url = ownScript(address);

        if (!url) {
            throw new ExtensionError('foreign');
        }

        this.registered = [];

        const ran = await new Promise((resolve) => {
            const script = document.createElement('script');

            script.src = url.href;
            script.addEventListener('load', () => resolve(true));
            script.addEventListener('error', () => resolve(false));
            document.head.append(script);
        });

        if (!ran) {
            throw new ExtensionError(await reasonFor(url));
        }

        if (!this.registered.length) {
            throw new ExtensionError('noBlocks');
        }

        this.registered.forEach((id) => this.addresses.set(id, url.href));
        return this.registered;
    }


    /*
     * Scratch asks its manager for each extension that a file needs, by id,
     * and opens nothing if one cannot be had.
     */
    watchManager() {
        const manager = this.vm.extensionManager;
        const original = manager.loadExtensionURL.bind(manager);

        manager.loadExtensionURL = (id) => {
            if (!/^[a-z0-9]+$/i.test(id)) {
                return Promise.reject(new Error('not an extension: ' + id));
            }
            return id.startsWith('mlforkids')
                ? this.resolveSaved(id) : original(id);
        };
    }


    /*
     * An id of a saved project: blocks that are here already, else those at
     * an address which the file gives, else blocks that do nothing.
     */
    async resolveSaved(id) {
        const manager = this.vm.extensionManager;
        const { saved } = this;

        for (const address of saved ? saved.addresses : []) {
            if (manager.isExtensionLoaded(id)) {
                return;
            }
            if (ownScript(address)) {
                await this.load(address).catch(() => undefined);
            }
        }

        if (!manager.isExtensionLoaded(id)) {
            this.register(placeholderFor(id, saved, this.inertName));
            this.onInert(id);
        }
    }


    /* Looks into files that are opened, and completes those that are saved. */
    watchFiles() {
        const { vm } = this;
        const deserialize = vm.deserializeProject;
        const addSprite = vm._addSprite3;
        const toJSON = vm.toJSON;

        vm.deserializeProject = (json, zip) => {
            this.look(json, json && json.targets);
            return deserialize.call(vm, json, zip);
        };

        vm._addSprite3 = (json, zip) => {
            this.look(json, [json]);
            return addSprite.call(vm, json, zip);
        };

        vm.toJSON = (target, ...rest) => {
            const text = toJSON.call(vm, target, ...rest);

            return target ? text : this.withAddresses(text);
        };
    }


    look(json, targets) {
        this.saved = readSavedProject(json, targets);
        this.saved.addresses.splice(MOST_ADDRESSES);
    }


    withAddresses(text) {
        const json = JSON.parse(text);
        const addresses = (json.extensions || [])
            .filter((id) => this.addresses.has(id))
            .map((id) => this.addresses.get(id));

        if (addresses.length) {
            json.extensionURLs = addresses;
        }

        return JSON.stringify(json);
    }
}
