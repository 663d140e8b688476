import { t } from '../lib/i18n.js';
import { projectPath } from '../lib/router.js';
import { LinkButton } from '../components/button.jsx';
import { ProjectPage } from '../components/project-page.jsx';
import { ScratchLauncher } from '../components/scratch-launcher.jsx';
import blocks from '../images/blocks.svg';


export function MakesPage({ params }) {
    return (
        <ProjectPage params={params} step="make" title={t('make.title')}
                     lead={t('make.lead')} wide>
            {(project) => (
                <section class="card tool" aria-labelledby="scratch">
                    <img class="tool__picture" src={blocks} alt="" width="300"
                         height="220" />
                    <div class="tool__text">
                        <h2 id="scratch">{t('make.scratch')}</h2>
                        <p>{t('make.scratchText')}</p>
                        <ScratchLauncher project={project} />
                        <LinkButton kind="quiet" iconAfter="forward"
                                    to={projectPath(project, 'scratch3')}>
                            {t('make.how')}
                        </LinkButton>
                    </div>
                </section>
            )}
        </ProjectPage>
    );
}
