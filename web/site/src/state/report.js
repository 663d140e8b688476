import { errorText } from '../lib/error-text.js';
import { notify } from './notices.js';

// Kinds of error after which the page is another one anyway.
const LEAVING = ['session', 'gone'];


// Shows that something did not work.  subject: see errorText().
export function report(error, subject) {
    if (!LEAVING.includes(error.kind)) {
        notify(errorText(error, subject), { tone: 'problem' });
    }
}
