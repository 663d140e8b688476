import { useStore } from '../lib/hooks.js';
import { chooseLanguage, language, languages, t } from '../lib/i18n.js';
import { notify } from '../state/notices.js';
import { Field } from './field.jsx';


async function change(code) {
    if (!await chooseLanguage(code)) {
        notify(t('footer.languageFailed'), { tone: 'problem' });
    }
}


export function Footer() {
    const { code } = useStore(language);

    return (
        <footer class="footer">
            <div class="footer__inside">
                <p>{t('footer.text')}</p>
                <Field label={t('footer.language')}>
                    {(attributes) => (
                        <select {...attributes} class="input" value={code}
                                data-test="language"
                                onChange={(event) =>
                                    change(event.currentTarget.value)}>
                            {languages.map((one) => (
                                <option key={one.code} value={one.code}
                                        lang={one.code}>
                                    {one.name}
                                </option>
                            ))}
                        </select>
                    )}
                </Field>
            </div>
        </footer>
    );
}
