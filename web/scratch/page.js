/*
 * Hosts the published Scratch editor (package @scratch/scratch-gui, as it
 * is) at /scratch/?url=<address of an extension script>.
 */

import { fetchCostumes, storeDefaultProject } from './default-project.js';
import { Extensions, ownScript } from './extensions.js';
import { listenToExtensions } from './messages.js';
import { stayAtHome } from './network.js';
import {
    addBanner, hideLoading, showBanner, showLoading, showProblem
} from './problem.js';
import { text } from './texts.js';

const EDITOR = 'scratch-gui-standalone.js';

const element = document.getElementById('editor');


/* Resolves to whether the script ran. */
function loadScript(address) {
    return new Promise((resolve) => {
        const script = document.createElement('script');

        script.src = address;
        script.addEventListener('load', () => resolve(true));
        script.addEventListener('error', () => resolve(false));
        document.head.append(script);
    });
}


/*
 * Where the editor keeps and finds things: in memory, and pictures and sounds
 * of its library on this server if its operator has put them there.
 */
function makeStorage(costumes) {
    const { ScratchStorage } = window.GUI;
    const scratchStorage = new ScratchStorage();
    const { AssetType } = scratchStorage;
    const libraryAddress = (id, format) => `library/${id}.${format}`;

    scratchStorage.addWebStore(
        [AssetType.ImageVector, AssetType.ImageBitmap, AssetType.Sound],
        (asset) => libraryAddress(asset.assetId, asset.dataFormat));
    storeDefaultProject(scratchStorage, costumes);

    return {
        scratchStorage,
        setTranslatorFunction(translate) {
            storeDefaultProject(scratchStorage, costumes, translate);
        },
        getLibraryAssetUrl: libraryAddress,
        saveProject: () => Promise.reject(new Error('projects are not kept'))
    };
}


/* Tells the rest of the page in which language the editor speaks. */
function followLanguage(store) {
    const follow = () => {
        const { locale, isRtl } = store.getState().locales;

        document.documentElement.lang = locale;
        element.dir = isRtl ? 'rtl' : 'ltr';
    };

    follow();
    store.subscribe(follow);
}


/* Puts the editor on the page; resolves to its vm once it has a project. */
async function openEditor(costumes) {
    const { EditorState, createStandaloneRoot, setAppElement } = window.GUI;
    const storage = makeStorage(costumes);
    const state = new EditorState({}, () => ({ storage }));
    let vm;

    setAppElement(element);
    followLanguage(state.store);

    await new Promise((resolve) => {
        createStandaloneRoot(state, element).render({
            projectId: '0',
            canSave: false,
            canEditTitle: true,
            canManageFiles: true,
            backpackVisible: false,
            hideTutorialProjects: true,
            showComingSoon: false,
            onClickLogo: () => { location.href = '/'; },
            onVmInit: (made) => { vm = made; },
            onProjectLoaded: resolve
        });
    });

    const logo = document.getElementById('logo_img');

    if (logo) {
        logo.src = 'icon.svg';
        logo.alt = 'Machine Learning for Kids';
    }

    return vm;
}


/*
 * Scrolls the palette to the blocks of an extension, as the editor does for
 * its own, by a press on their category.  Both are drawn a little later; if
 * they never are, nothing happens.
 */
function showCategory(id, framesLeft = 600) {
    const name = CSS.escape(id);
    const category = document.querySelector(`[role="treeitem"]#${name} > *`);
    const block = document.querySelector(`.blocklyFlyout .${name}`);

    if (category && block) {
        ['pointerdown', 'pointerup'].forEach((type) => category.dispatchEvent(
            new PointerEvent(type, { bubbles: true, button: 0 })));

    } else if (framesLeft) {
        requestAnimationFrame(() => showCategory(id, framesLeft - 1));
    }
}


/* Says so when the operator has not put the editor's library in place. */
function watchLibrary() {
    document.addEventListener('error', ({ target }) => {
        if (target instanceof HTMLImageElement
            && target.src.includes('/scratch/library/'))
        {
            showBanner('library');
        }
    }, true);
}


/* Loads the extension of the page's address, if there is one. */
async function loadBlocks(extensions) {
    const address = new URLSearchParams(location.search).get('url');

    if (!address) {
        return;
    }

    if (!ownScript(address)) {
        await showProblem('foreign', ['goOn', 'backToSite'], { address });
        return;
    }

    for (;;) {
        try {
            showLoading('loadingBlocks');
            const [id] = await extensions.load(address);

            showCategory(id);
            return;

        } catch (error) {
            const reason = error.reason || 'broken';
            const action = await showProblem(reason,
                reason === 'serverAway'
                    ? ['tryAgain', 'goOn', 'backToSite']
                    : ['goOn', 'backToSite']);

            if (action === 'goOn') {
                return;
            }
        }
    }
}


/* The first thing that blocks were asked for is gone: say so, once a file. */
function tellInert() {
    if (!document.querySelector('[data-help="inert"]')) {
        addBanner('inert', text('inertTitle'), text('inert'));
    }
}


async function main() {
    stayAtHome();
    listenToExtensions();
    watchLibrary();
    showLoading('loading');

    const [installed, costumes] = await Promise.all([
        loadScript(EDITOR), fetchCostumes()
    ]);

    if (!installed || !window.GUI) {
        await showProblem('notInstalled', ['backToSite']);
        return;
    }

    const vm = await openEditor(costumes);
    const extensions = new Extensions(vm, {
        inertName: text('inertCategory'),
        onInert: tellInert
    });

    await loadBlocks(extensions);
    hideLoading();
    document.body.dataset.ready = 'true';
}


main().catch((error) => {
    console.error(error);
    showProblem('broken', ['backToSite']);
});
