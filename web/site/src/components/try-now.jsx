import { useState } from 'preact/hooks';
import { api, session } from '../state/app.js';
import { t } from '../lib/i18n.js';
import { go } from '../lib/router.js';
import { Button } from './button.jsx';
import { ErrorMessage } from './message.jsx';


// Starts a visit without an account.
export function TryNow() {
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState(null);

    async function start() {
        setBusy(true);
        setError(null);

        try {
            session.start(await api.startSession());
            go('/projects');

        } catch (problem) {
            setError(problem);
            setBusy(false);
        }
    }

    return (
        <>
            <Button kind="main big" busy={busy} iconAfter="forward"
                    onClick={start} data-test="try-it-now">
                {t(busy ? 'login.starting' : 'login.try')}
            </Button>
            {error && <ErrorMessage error={error} subject="start" />}
        </>
    );
}
