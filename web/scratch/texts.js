/*
 * What the page around the editor says.  A language is one more table with
 * the same names; a text that it lacks is shown in English.
 */

const TEXTS = {
    en: {
        loading: 'Opening Scratch…',
        loadingBlocks: 'Fetching your machine learning blocks…',
        close: 'Close',
        tryAgain: 'Try again',
        goOn: 'Use Scratch without them',
        backToSite: 'Back to my projects',

        notInstalledTitle: 'Scratch is not installed here',
        notInstalled: 'The Scratch editor is missing on this server. Please '
            + 'tell your teacher, or the person who looks after the server: '
            + 'building the site again with a connection to the npm registry '
            + 'installs it.',
        brokenTitle: 'Scratch could not start',
        broken: 'Something went wrong while Scratch was opening. Loading the '
            + 'page again often helps. If it does not, try another browser '
            + 'or computer.',
        unknownKeyTitle: 'Your blocks could not be found',
        unknownKey: 'This machine learning project does not exist any more. '
            + 'Maybe it was deleted, or your time as a guest is over. Open '
            + 'Scratch again from your project to get fresh blocks.',
        serverAwayTitle: 'Your blocks could not be fetched',
        serverAway: 'The server did not answer. Wait a moment, then try '
            + 'again. Nothing of your project is lost.',
        noBlocksTitle: 'There are no blocks for this project',
        noBlocks: 'Projects of this kind cannot be used in Scratch.',
        foreignTitle: 'These blocks were not loaded',
        foreign: 'Only blocks that come from this site are loaded, because '
            + 'blocks can do anything that you can do here. The address was: '
            + '{address}',

        inertTitle: 'Some blocks are not connected',
        inert: 'This Scratch project uses machine learning blocks of a '
            + 'project that could not be found. You can see them, but they '
            + 'do nothing. To make them work, open Scratch from the machine '
            + 'learning project that they belong to, then load this file '
            + 'again.',
        inertCategory: 'Not connected',

        'library-title': 'The library is not installed here',
        library: 'This server does not have the pictures and sounds of the '
            + 'Scratch library. Paint your own, or upload a picture: both '
            + 'are in the menu of the same button.',

        'mlforkids-recognisetext-training-help-title':
            'You are testing with training data',
        'mlforkids-recognisetext-training-help':
            'This text is one of the examples that you used to train your '
            + 'model. It has seen it before, so that this is not a fair '
            + 'test. Try a text that is new to your model!',
        'mlforkids-addtraininglimit-help-title': 'Your project is full',
        'mlforkids-addtraininglimit-help':
            'Your project has as many training examples as it can hold, so '
            + 'that this one was not added. Delete some that you do not '
            + 'need on the training page.',
        'mlforkids-recognisetext-nomodel-title': 'These are only guesses',
        'mlforkids-recognisetext-nomodel':
            'You have not trained a model yet. Until you do, your blocks '
            + 'choose a label at random.'
    }
};


function languages() {
    const asked = new URLSearchParams(location.search).get('lang');

    return (asked ? [asked] : navigator.languages || [navigator.language])
        .flatMap((name) => [name.toLowerCase(), name.split('-')[0]]);
}

const table = TEXTS[languages().find((name) => Object.hasOwn(TEXTS, name))]
    || TEXTS.en;


export function hasText(name) {
    return Object.hasOwn(TEXTS.en, name);
}


/* The text of that name, with {x} replaced by values.x. */
export function text(name, values = {}) {
    return (table[name] || TEXTS.en[name])
        .replace(/\{(\w+)\}/g, (found, key) => values[key] ?? found);
}
